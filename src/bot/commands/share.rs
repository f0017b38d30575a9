//! What was answered to one person can be shared with their channel.

use uuid::Uuid;

use super::{Audience, Run};
use crate::{
    answer::reply::{self, Choice, ChoiceRow, Reply},
    bot::{choices::Pick, say::Say},
    message::{Visibility, Where},
    store::{Result, drafts},
};

impl Run<'_> {
    /// Puts *Share* under an answer that only its asker sees, and keeps what it would share. Where people of other organisations
    /// read the channel, what the team remembers is not to be shared.
    pub(super) async fn sharable(&mut self, mut reply: Reply) -> Result<Reply> {
        let offered = self.asked.audience == Audience::Asker;
        if !offered || self.asked.visibility == Visibility::Shared || reply.blocks.is_empty() {
            return Ok(reply);
        }
        let id = Uuid::now_v7().simple().to_string();
        let (team, channel) = (self.asked.team.clone(), self.asked.channel.clone());
        let to = self.asked.about.map_or(Where::Channel { team, channel }, |message| Where::Under(message.clone()));
        let say = Say::new(to, reply.clone());
        drafts::put(&mut self.tx, self.asked.team, &id, &say.to_json(), self.now).await?;
        let share = Choice { id: format!("{id}:{}", Pick::Share), label: reply::share().to_owned() };
        reply.rows.push(ChoiceRow { question: None, choices: vec![share] });
        Ok(reply)
    }
}
